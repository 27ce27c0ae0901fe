import './native'
