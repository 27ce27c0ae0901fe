import { tf, resolveEngine } from '@ttt-e2e/tensor-ops'
import './index'
import { linear, linearOp, rmsNorm, attentionOp, linearCrossEntropyOp, swiglu } from '../ops'
const threads = Number(process.argv[2] ?? 2)
const r = await resolveEngine('native', { threads })
console.log(r.line)
const bench = (f: () => void, minimum = 60) => {
  for (let i = 0; i < 3; i++) f()
  let n = 1,
    best = Infinity
  for (;;) {
    const s = performance.now()
    for (let i = 0; i < n; i++) f()
    const t = performance.now() - s
    if (t > 4) break
    n *= 2
  }
  const end = performance.now() + minimum * 4
  while (performance.now() < end) {
    const s = performance.now()
    for (let i = 0; i < n; i++) f()
    best = Math.min(best, (performance.now() - s) / n)
  }
  return best
}
const randn = (shape: number[]) => tf.keep(tf.randomNormal(shape))
const mm = (a: number[], b: number[], ta: boolean, tb: boolean) => {
  const x = randn(a),
    y = randn(b)
  const out = tf.matMul(x, y, ta, tb)
  const flop = 2 * out.size * (ta ? a[a.length - 2] : a[a.length - 1])
  out.dispose()
  const ms = bench(() => tf.matMul(x, y, ta, tb).dispose())
  console.log(
    `matMul ${a} x ${b} ${ta ? 'T' : 'N'}${tb ? 'T' : 'N'}`.padEnd(44),
    (ms * 1000).toFixed(1).padStart(9),
    'us',
    (flop / ms / 1e6).toFixed(1).padStart(7),
    'GFLOP/s',
  )
  x.dispose()
  y.dispose()
}
mm([1024, 1024], [1024, 1024], false, false)
mm([1024, 1024], [1024, 1024], false, true)
mm([1024, 1024], [1024, 1024], true, false)
for (const rows of [64, 512]) {
  mm([rows, 64], [64, 128], false, false)
  mm([rows, 96], [96, 256], false, false)
  mm([rows, 256], [96, 256], false, true)
  mm([rows, 96], [rows, 256], true, false)
}
mm([16, 8, 64], [16, 64, 128], false, false)
mm([16, 32, 64], [16, 64, 192], false, false)
mm([4, 32, 96], [4, 96, 192], false, false)
mm([16, 32, 192], [16, 64, 192], false, true)
mm([16, 32, 64], [16, 32, 192], true, false)
mm([512, 64], [257, 64], false, true)
mm([512, 64], [17, 64], false, true)
const a = randn([4]),
  b = randn([4])
console.log('tf.add[4]+dispose us', (bench(() => tf.add(a, b).dispose()) * 1000).toFixed(2))
const E = tf.engine(),
  backend: any = tf.backend()
console.log(
  'runKernel Add us',
  (bench(() => (E.runKernel('Add', { a, b }) as any).dispose()) * 1000).toFixed(2),
)
{
  const k = backend.addon.kernelNames.indexOf('Add')
  console.log(
    'backend.call + disposeData us',
    (
      bench(() => {
        backend.disposeData(backend.call(k, [a, b], [[4]], [])[0].dataId)
      }) * 1000
    ).toFixed(2),
  )
  console.log(
    'addon.run + release us',
    (
      bench(() => {
        backend.addon.words[20] = 4
        backend.addon.run()
        backend.addon.release(backend.addon.words[10])
        backend.addon.words[10] = 4
      }) * 1000
    ).toFixed(3),
  )
}
const x = randn([512, 96]),
  w = randn([96, 256]),
  g = randn([96])
console.log('linear 512x96x256 us', (bench(() => linear(x, w).dispose()) * 1000).toFixed(1))
console.log('rmsNorm 512x96 us', (bench(() => rmsNorm(x, g).dispose()) * 1000).toFixed(1))
const gate = randn([512, 256])
console.log('swiglu 512x256 us', (bench(() => swiglu(gate, gate).dispose()) * 1000).toFixed(1))
for (const [B, T, H, d, win] of [
  [16, 64, 2, 32, 0],
  [4, 512, 3, 32, 64],
  [1, 2048, 4, 64, 512],
]) {
  const q = randn([B, T, H, d]),
    k = randn([B, T, H, d]),
    v = randn([B, T, H, d])
  const dy = randn([B, T, H, d])
  const run = () => attentionOp({ q, k, v }, { window: win, offset: 0 })
  const o = run()
  const f = bench(() => {
    const o = run()
    o.y.dispose()
    o.logSumExp.dispose()
  })
  const grad = attentionOp.gradient(['q', 'k', 'v'], ['y'])
  const bw = bench(() =>
    Object.values(
      grad({ q, k, v, d_y: dy, y: o.y, logSumExp: o.logSumExp }, { window: win, offset: 0 }),
    ).forEach((t) => t.dispose()),
  )
  const pairs = B * H * T * (win ? Math.min(win, T) : T / 2)
  console.log(
    `attention ${[B, T, H, d]} window ${win}: forward ${(f * 1000).toFixed(0)} us (${((pairs * 4 * d) / f / 1e6).toFixed(1)} useful GFLOP/s), backward ${(bw * 1000).toFixed(0)} us (${((pairs * 10 * d) / bw / 1e6).toFixed(1)})`,
  )
}
{
  const hidden = randn([512, 96]),
    weight = randn([257, 96]),
    targets = tf.keep(
      tf.tensor1d(
        Int32Array.from({ length: 512 }, (_, i) => i % 257),
        'int32',
      ),
    ),
    d = randn([512])
  console.log(
    'lce us',
    (bench(() => linearCrossEntropyOp({ hidden, weight, targets }).losses.dispose()) * 1000).toFixed(1),
  )
  const grad = linearCrossEntropyOp.gradient()
  console.log(
    'lce grad us',
    (
      bench(() => Object.values(grad({ hidden, weight, targets, d_losses: d })).forEach((t) => t.dispose())) *
      1000
    ).toFixed(1),
  )
  const gg = grad.gradient()
  console.log(
    'lce gradgrad us',
    (
      bench(() =>
        Object.values(
          gg({ hidden, weight, targets, d_losses: d, d_grad_hidden: hidden, d_grad_weight: weight }),
        ).forEach((t) => t.dispose()),
      ) * 1000
    ).toFixed(1),
  )
}
const dy = randn([512, 256])
const lg = linearOp.gradient()
console.log(
  'linear grad us',
  (bench(() => Object.values(lg({ x, weight: w, d_y: dy })).forEach((t) => t.dispose())) * 1000).toFixed(1),
)
process.exit(0)
