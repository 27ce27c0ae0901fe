/** The files of the demo model, for `loadModel` of `@ttt-e2e/checkpoint`. */
export declare const modelFolder: Readonly<Record<string, string>>
