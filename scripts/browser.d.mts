import type { Browser } from 'playwright-core'

/** The path of a Chromium on this machine; $CHROME names another. @throws in CI where there is none */
export function findBrowser(): string | undefined

/** @throws where there is none */
export function launchBrowser(): Promise<Browser>
