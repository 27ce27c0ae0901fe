// The examples of documents: code with what it prints, which CI runs and holds against each other.

/**
 * The first block of ```js in a document, and the block without a language that follows it, if one does.
 *
 * @returns the code and the output that it promises; undefined where there is no example
 */
export function exampleOf(markdown) {
  const [, code, output] =
    /^```js\n(.*?)^```\n(?:\s*^```\n(.*?)^```$)?/ms.exec(markdown.replaceAll('\r', '')) ?? []
  return code === undefined ? undefined : { code, output }
}

/** @throws if the output isn't what was promised, where … stands for anything */
export function checkOutput(output, promised) {
  const pattern = promised.trim().split('…').map(escape).join('.*')
  if (!new RegExp(`^${pattern}$`).test(output.trim()))
    throw new Error(`it promises:\n${promised}\nand prints:\n${output}`)
}

const escape = (text) => text.replaceAll(/[\^$\\.*+?()[\]{}|]/g, '\\$&')
