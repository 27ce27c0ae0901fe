/** Why a package of TensorFlow that is installed could not be loaded, and what to do, in one clause. */
export function reasonOf(packageName: string, { message }: Error): string {
  const library = missingLibrary(message)
  if (library === undefined) return `${packageName} could not be loaded (${message.split('\n')[0]})`
  if (/^(lib)?(cu|nv|nccl)/.test(library))
    return `${packageName} lacks CUDA's ${library}: install the CUDA that its TensorFlow was built for, or @tensorflow/tfjs-node, which takes none`
  if (/^(lib)?tensorflow/.test(library))
    return `${packageName} lacks ${library}, which its install script downloads: it was not run or failed (npm rebuild ${packageName}; pnpm asks for \`pnpm approve-builds\` first)`
  return `${packageName} lacks the system's ${library}`
}

/** The library that the system's loader looked for in vain, as Linux and macOS name it. */
function missingLibrary(message: string): string | undefined {
  return (
    /([^\s/:]+): cannot open shared object file/.exec(message)?.[1] ??
    /Library not loaded: (?:\S*\/)?([^\s/]+)/.exec(message)?.[1]
  )
}
