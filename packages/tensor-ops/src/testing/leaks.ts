import { liveTensors } from '../memory'

/** Runs `run` and returns how many tensors it left behind. */
export function leakedTensors(run: () => void): number {
  const before = liveTensors()
  run()
  return liveTensors() - before
}
