import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** Runs a script in a process of its own, in which `loadAgain()` gives a copy of tfjs of its own. @returns what it printed */
function inProcess(script: string): string {
  const all = `
    import { createRequire } from 'node:module'
    const require = createRequire(process.cwd() + '/index.ts')
    const loadAgain = () => {
      for (const name of Object.keys(require.cache)) if (name.includes('tfjs')) delete require.cache[name]
      return require('@tensorflow/tfjs')
    }
    console.warn = () => {}
    const sentence = (error) => console.log(error.name, error.message)
    ${script}`
  return execFileSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', all],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
}

it('a copy of tfjs that is loaded later is noticed, by engines and by gradients', () => {
  const output = inProcess(`
    const { resolveEngine, tf, vjp } = await import('./index.ts')
    await resolveEngine('cpu')
    const gradient = () => vjp((x) => ({ value: tf.exp(x) }), tf.ones([1])).pull(tf.ones([1]))
    console.log(gradient().dataSync()[0].toFixed(3))
    loadAgain()
    await resolveEngine('cpu').catch(sentence)
    try { gradient() } catch (error) { sentence(error) }
  `)
  const sentence =
    'TwoCopies a second copy of TensorFlow.js was loaded after this one, and gradients of gradients'
  expect(output).toMatch(
    new RegExp(`^2.718\\n${sentence}.*\\n${sentence}.*keep one, @tensorflow/tfjs 4.22.0.*\\n$`),
  )
})

it('a copy that was loaded before is noticed too', () => {
  const output = inProcess(`
    loadAgain()
    for (const name of Object.keys(require.cache)) if (name.includes('tfjs')) delete require.cache[name]
    const { resolveEngine } = await import('./index.ts')
    await resolveEngine('cpu').catch(sentence)
  `)
  expect(output).toMatch(/^TwoCopies a second copy of TensorFlow.js was loaded before this one/)
})
