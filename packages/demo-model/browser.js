// Each URL whole, so that bundlers find the files.
export const modelFolder = {
  'run.json': new URL('./model/run.json', import.meta.url).href,
  'model.safetensors': new URL('./model/model.safetensors', import.meta.url).href,
}
