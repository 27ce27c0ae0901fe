import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listCheckpoints, newCheckpointPath, placeCheckpoint } from '../run-folder'
import { fileNames, type TrainedRunInfo } from '../run-info'

// Saves checkpoint after checkpoint into the run given, from its last one on, until it is killed. The files are those
// of its last one but for the step, so that nothing is computed and all the time goes into saving.
const [run] = process.argv.slice(2)
const last = listCheckpoints(run).at(-1)!
const read = (kind: keyof typeof fileNames) => readFileSync(join(last, fileNames[kind]))
const [model, optimizer] = [read('model'), read('optimizer')]
const info = JSON.parse(read('info').toString()) as TrainedRunInfo
for (let step = info.step + 1; ; step++) {
  await placeCheckpoint(run, newCheckpointPath(run, step), async (write) => {
    await write(fileNames.model, model)
    await write(fileNames.optimizer, optimizer)
    await write(fileNames.info, JSON.stringify({ ...info, step }))
  })
  if (step === info.step + 1) process.stdout.write('saved\n')
}
