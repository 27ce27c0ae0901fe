import '../begin'

// What may need a newer Node.js is loaded after that was looked at, also where all this is one file.
await import('./run')
