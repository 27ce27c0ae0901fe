/** What addons that other packages compile on first use share with the native engine. */
export { builtOnFirstUse, type AddonOnFirstUse, type Build } from './first-use'
export { baseFlags, linkFlags, nodeHeaders, runCommand } from './toolchain'
