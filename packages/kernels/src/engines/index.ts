import './native'
import './tensorflow'
import './wasm'
import './webgpu'
