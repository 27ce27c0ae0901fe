import type { Remote } from 'comlink'
import { element, on, say } from '../shared/element'
import { EngineOfPage } from '../shared/engine-of-page'
import { isBelowWindows, smoothing } from './crossing'
import { CurvesView } from './curves-view'
import type { MetaTraining, StepLosses } from './meta-training'
import { settingsOf, type Settings } from './settings'
import { SlidersView } from './sliders-view'
import type { MetaTrainWorker } from './worker'

const choice = element('engine', HTMLSelectElement)
const found = element('found', HTMLElement)
const button = (id: string) => element(id, HTMLButtonElement)
const [run, step, again] = ['run', 'step', 'again'].map(button)

const engine = new EngineOfPage<MetaTrainWorker>({
  start: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  choice,
  line: element('engine-line', HTMLElement),
})
const curves = new CurvesView()
const sliders = new SlidersView(settingsOf(location.search), () => void begin())

let worker: Remote<MetaTrainWorker> | undefined
let training: Remote<MetaTraining> | undefined
let settings: Settings = sliders.settings()
let losses: StepLosses[] = []
/** Seconds of training so far, pauses left out. */
let seconds = 0
let running = false
/** A new training makes what an earlier one still answers worthless. */
let turn = 0

function showButtons(): void {
  run.textContent = running ? 'Pause' : losses.length > 0 ? 'Go on' : 'Start'
  const done = losses.length >= settings.steps
  run.disabled = training === undefined || done
  step.disabled = run.disabled || running
  again.disabled = training === undefined
}

/** Starts the engine, and a training on it. */
async function startEngine(): Promise<void> {
  running = false
  turn++
  worker = training = undefined
  showButtons()
  try {
    worker = await engine.start()
    await begin()
  } catch (error) {
    say((error as Error).message, true)
  }
}

/** Begins a training of what the sliders say, paused. */
async function begin(): Promise<void> {
  if (!worker) return
  const own = ++turn
  running = false
  training = undefined
  showButtons()
  settings = sliders.settings()
  try {
    // Comlink has no type for what an answer that is a proxy becomes.
    const begun = (await worker.begin(settings)) as unknown as Remote<MetaTraining>
    const [[learning, window], reach] = [await begun.parameters(), await begun.reach]
    if (own !== turn) return
    training = begun
    losses = []
    seconds = 0
    found.textContent = ''
    element('about', HTMLElement).textContent =
      `TTT-E2E has ${learning} parameters, its window twin ${window}; ${settings.layers} layers of windows see the last ${reach} tokens.`
    curves.show(losses, settings.steps)
    say(`Ready for ${settings.steps} steps.`)
  } catch (error) {
    say((error as Error).message, true)
  }
  showButtons()
}

/** Both systems take a step. @returns whether there is another */
async function takeStep(): Promise<boolean> {
  if (!training) return false
  const own = turn
  const from = performance.now()
  const taken = await training.step()
  if (own !== turn || !taken) return false
  seconds += (performance.now() - from) / 1000
  losses.push(taken)
  curves.show(losses, settings.steps)
  if (found.textContent === '' && isBelowWindows(losses))
    found.textContent =
      `At step ${taken.step}, after ${seconds.toFixed(0)} seconds, TTT-E2E fell below what any window can reach ` +
      `(means of the last ${smoothing} steps).`
  say(`Step ${taken.step} of ${settings.steps}, ${((1000 * seconds) / losses.length).toFixed(0)} ms a step.`)
  return losses.length < settings.steps
}

/** Goes on as long as `isOn` says. An engine that is lost on the way is made anew. */
async function goOn(isOn: () => boolean): Promise<void> {
  try {
    do {
      if (!(await takeStep())) running = false
    } while (isOn())
  } catch (error) {
    running = false
    const { message } = error as Error
    if (!(await engine.computes())) {
      await startEngine()
      say(`${message} — the engine was made anew; the training begins again.`, true)
    } else say(message, true)
  }
  showButtons()
}

on(run, 'click', () => {
  running = !running
  showButtons()
  if (running) void goOn(() => running)
})
on(step, 'click', () => {
  step.disabled = run.disabled = true
  void goOn(() => false)
})
on(again, 'click', begin)
on(choice, 'change', startEngine)
await startEngine()
