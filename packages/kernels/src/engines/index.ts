import './native'
import './wasm'
import './webgpu'
