import type { Precision } from '@ttt-e2e/tensor-ops'

/** What products take on a GPU. */
export type GpuPrecision = Exclude<Precision, 'bf16'>

/**
 * WGSL of block floating point. f16 holds 11 bits of a value from 2^-14 to 65504, and tensors here go beyond both. So a line
 * (a row of a tile, or a column) is held as f16 times a power of two of its own, chosen by its largest value, which comes to
 * stand from 2^14 on and below 2^15. That is exact, 11 bits remain of all that is up to 2^28 times smaller than the largest,
 * and what is smaller than that is lost to f32's sums as well. A line's power depends on nothing but the line: so does what
 * becomes of it.
 *
 * `largest` are the bits of a line's largest absolute value, in the order of which floats are; `unitOf` times what is held is
 * the value. Powers end at 2^-126, so lines of less than 2^-112 are held smaller; sums overflow from lines of 2^107 on.
 */
export const halfCode = `
fn powerOf(largest: u32) -> u32 { return clamp(largest >> 23u, 15u, 254u); }
fn unitOf(largest: u32) -> f32 { return bitcast<f32>((powerOf(largest) - 14u) << 23u); }
fn held(value: f32, largest: u32) -> f16 { return f16(value * bitcast<f32>((268u - powerOf(largest)) << 23u)); }`
