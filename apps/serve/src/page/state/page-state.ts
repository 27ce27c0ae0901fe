import { signal } from '@preact/signals'
import type { MemoryAnswer, MemoryEvents, ModelAnswer } from '../api/api-client'

/** Where something can go wrong: what is said of it stands there. */
export type Place =
  'key' | 'text' | 'file' | 'address' | 'memories' | 'name' | 'prompt' | 'compared' | 'events'

/** The parts of what is shown of a memory. */
export type Tab = 'ask' | 'history' | 'more' | 'compare'

/** How well a stretch of text was predicted. */
export interface Stretch {
  /** Tokens of the text up to its end. */
  end: number
  /** Mean nats per token. */
  loss: number
}

/** A text that is being read. */
export interface Reading {
  name: string
  /** The memory that it is read into; none for a new one. */
  into: MemoryAnswer | undefined
  /** How much of it was read, from 0 to 1. */
  done: number
  tokens: number
  steps: number
  stretches: readonly Stretch[]
  /** As `performance.now()` says. */
  started: number
  stop: () => void
}

/** A text that was read while this page was open: the server keeps no texts. */
export interface KnownText {
  name: string
  /** Its beginning. */
  text: string
  /** Where tokens of the beginning end in it, in characters. */
  ends: readonly number[]
  stretches: readonly Stretch[]
}

/** What someone wrote, and how it went on. */
export interface Turn {
  prompt: string
  answer: string
}

/** What was just done, and how to undo it. */
export interface Notice {
  text: string
  undo?: () => Promise<void>
}

/** Everything that the page shows and that more than one of its parts knows of. */
export const state = {
  /** What keeps the page from being used: the model is loaded, a key is needed, nobody answers. */
  status: signal<'starting' | 'loading' | 'needs-key' | 'unreachable' | 'ready'>('starting'),
  key: signal(''),
  model: signal<ModelAnswer | undefined>(undefined),
  /** Whether the model answers conversations; others go on from a text. */
  chats: signal(false),
  memories: signal<readonly MemoryAnswer[]>([]),
  /** The id of the memory that is shown; none while a new one is made. */
  chosen: signal<string | undefined>(undefined),
  tab: signal<Tab>('ask'),
  reading: signal<Reading | undefined>(undefined),
  /** By memory. */
  texts: signal<Readonly<Record<string, readonly KnownText[]>>>({}),
  events: signal<MemoryEvents | undefined>(undefined),
  /** By memory. */
  turns: signal<Readonly<Record<string, readonly Turn[]>>>({}),
  /** The memory that is answering, and how to stop it. */
  answering: signal<{ id: string; stop: () => void } | undefined>(undefined),
  sampling: signal({ temperature: 0.7, maxTokens: 200, learn: false }),
  problems: signal<Readonly<Partial<Record<Place, string>>>>({}),
  notice: signal<Notice | undefined>(undefined),
}

/** Whether the model learns from what it reads. */
export const learns = (): boolean => (state.model.value?.chunk ?? 0) > 0

/** The memory of an id; none where it is gone. */
export const memoryOf = (id: string | undefined): MemoryAnswer | undefined =>
  state.memories.value.find((memory) => memory.id === id)

/** What a memory is called. */
export const nameOf = ({ name, id }: Pick<MemoryAnswer, 'name' | 'id'>): string => name ?? id
