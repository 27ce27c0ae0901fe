export { connectMpi } from './connect'
export { launcherOf, type Launcher } from './launcher'
export { MpiCommunicator } from './mpi-communicator'
export { MpiError } from './mpi-error'
