import './check-node'
import { endOnSignals } from './interrupt'

// What a command line loads before everything else, and by itself.
endOnSignals()
