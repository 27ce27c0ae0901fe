import { readFileSync } from 'node:fs'

/** How a kernel begins: its capital tells it from what it is made of. */
const kernels = /^void ([A-Z]\w*)\(const Call& call\)/gm
/** How it says that it can add an output to what stands in its place; see call.h. */
const abilities = /^bool ([A-Z]\w*)Accumulates\(const Call& call, int output\)/gm

/**
 * The C++ source of the table that the engine finds kernels in: all that are defined in these sources, by name.
 *
 * @throws if two have one name
 */
export function kernelTable(sources: readonly string[]): string {
  const texts = sources.map((path) => readFileSync(path, 'utf8'))
  const namesBy = (pattern: RegExp) =>
    texts.flatMap((text) => Array.from(text.matchAll(pattern), ([, name]) => name)).toSorted()
  const names = namesBy(kernels)
  const twice = names.find((name, i) => name === names[i + 1])
  if (twice !== undefined) throw new Error(`the kernel ${twice} is defined twice; give one another name`)
  const accumulating = new Set(namesBy(abilities))
  const lines = (line: (name: string) => string, of: Iterable<string>) => Array.from(of, line).join('\n')
  return `#include "call.h"

namespace ttt {
namespace TTT_ISA {

${lines((name) => `void ${name}(const Call&);`, names)}
${lines((name) => `bool ${name}Accumulates(const Call&, int);`, accumulating)}

namespace {
constexpr KernelEntry entries[] = {
${lines((name) => `    {"${name}", ${name}, ${accumulating.has(name) ? `${name}Accumulates` : 'nullptr'}},`, names)}
};
}  // namespace

KernelTable kernels() { return {entries, ${names.length}}; }

}  // namespace TTT_ISA
}  // namespace ttt
`
}
