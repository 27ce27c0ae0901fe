import { keyOf, type Sources } from '../compiled/sources'
import { compile } from './compile'
import { builtOnFirstUse, type Build } from './first-use'
import { baseFlags, findCompiler, instructionSetFlags, linkFlags, type Compiler } from './toolchain'

/** The addon's path, compiled on first use by the system's compiler; or the reason why it can't be had. */
export async function buildAddon(sources: Sources): Promise<Build> {
  if (process.platform === 'win32')
    return { reason: 'it is compiled on first use, which Windows is not set up for' }
  const compiler = await findCompiler()
  if ('tried' in compiler)
    return { reason: `no C++ compiler found (tried ${compiler.tried.join(', ')}); install g++ or clang` }
  return await builtOnFirstUse({
    name: 'native',
    title: 'native engine',
    key: keyOf(sources, [compiler, flagsOf(compiler)]),
    compile: (folder) => compile(sources, compiler, folder),
  })
}

function flagsOf(compiler: Compiler) {
  return [baseFlags, instructionSetFlags(compiler), linkFlags(compiler)]
}
