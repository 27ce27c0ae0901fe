export const cases = [
  {
    name: 'small',
    shapes: { hidden: [11, 16], weight: [37, 16], targets: [11] },
    integersBelow: { targets: 37 },
  },
  {
    name: 'one row',
    shapes: { hidden: [1, 8], weight: [5, 8], targets: [1] },
    integersBelow: { targets: 5 },
  },
  {
    name: 'many rows, large logits',
    shapes: { hidden: [70, 24], weight: [130, 24], targets: [70] },
    integersBelow: { targets: 130 },
    scale: { hidden: 2.5 },
  },
]
