// The engines of a page; `index.ts` has those of Node.
import './wasm'
import './webgpu'
