// The examples of documents: code with what it prints, which CI runs and holds against each other.

/**
 * The first block of ```js or ```bash in a document, and the block without a language that follows it, if one does.
 *
 * @returns the code, its language and the output that it promises; undefined where there is no example
 */
export function exampleOf(markdown) {
  const [, language, code, output] =
    /^```(js|bash)\n(.*?)^```\n(?:\s*^```\n(.*?)^```$)?/ms.exec(markdown.replaceAll('\r', '')) ?? []
  return code === undefined ? undefined : { language, code, output }
}

/** @throws if the output isn't what was promised, where … stands for anything */
export function checkOutput(output, promised) {
  const pattern = promised.trim().split('…').map(escape).join('.*')
  if (!new RegExp(`^${pattern}$`).test(output.trim()))
    throw new Error(`it promises:\n${promised}\nand prints:\n${output}`)
}

const escape = (text) => text.replaceAll(/[\^$\\.*+?()[\]{}|]/g, '\\$&')
