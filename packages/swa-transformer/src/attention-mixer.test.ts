import { attentionMixer } from './attention-mixer'
import { runMixerSuite } from './testing'

runMixerSuite('window of 6', attentionMixer(6))
runMixerSuite('window longer than the sequence', attentionMixer(64))
runMixerSuite('window of 2', attentionMixer(2))
runMixerSuite('full attention', attentionMixer(0))
