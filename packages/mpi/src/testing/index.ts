export { hasMpi, mpis, spawnRanks, type Ranks } from './spawn-ranks'
