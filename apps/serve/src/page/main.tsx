import { render } from 'preact'
import { App } from './app'
import { start } from './state/start'

render(<App />, document.body)
void start()
