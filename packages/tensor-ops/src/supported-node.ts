/** The oldest Node.js that this runs on, as every package's `engines` says. */
const oldest = [20, 19]

/** Why this version of Node.js is too old, in one sentence; undefined where it isn't, and in a page. */
export function nodeProblem(version: string | undefined): string | undefined {
  if (version === undefined) return undefined
  const [major, minor] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined
  return `this is Node.js ${version}; it must be ${oldest.join('.')} or newer (https://nodejs.org)`
}
