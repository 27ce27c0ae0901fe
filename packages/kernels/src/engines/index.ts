import './native'
import './wasm'
