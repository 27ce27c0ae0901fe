import { elementwise, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'

const silu = `
  let s = 1.0 / (1.0 + exp(-gate));
  let a = gate * s;
  let da = s * (1.0 + gate * (1.0 - s));
  let dda = s * (1.0 - s) * (2.0 + gate * (1.0 - 2.0 * s));`

export const gpuKernels: GpuFusedKernels = {
  Swiglu: elementwise({ y: 'a * up' }, silu),
  SwigluGrad: elementwise({ grad_gate: 'd_y * up * da', grad_up: 'd_y * a' }, silu),
  SwigluGradGrad: elementwise(
    {
      grad2_gate: 'd_y * (d_grad_gate * up * dda + d_grad_up * da)',
      grad2_up: 'd_grad_gate * d_y * da',
      grad2_d_y: 'd_grad_gate * up * da + d_grad_up * a',
    },
    silu,
  ),
}
