import '@ttt-e2e/cli/begin'

// While it is loaded, which takes seconds, a signal ends the process as it does later.
await import('./command')
