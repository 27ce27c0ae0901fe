/** A text with names and turns of phrase of its own, which come back: something to learn from. */
export const example = `The Ledger of the Lamp-house at Ostrevany

The lamp-house at Ostrevany has three keepers, and the three keepers have one ledger. Every evening the eldest, whose name is Tamsin Quell, writes in it what the lamp has seen; every morning the youngest, whose name is Ivo Quell, reads out what was written; and the third, whose name nobody at Ostrevany has ever asked, trims the wick.

First evening. The lamp saw two boats and a barrel. The boats went north; the barrel went nowhere. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Second evening. The lamp saw one boat and two barrels. The boat went north; the barrels went nowhere. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Third evening. The lamp saw no boat and two barrels. The barrels went nowhere, and it seemed to Tamsin Quell that they had always been there. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Fourth evening. The lamp saw three boats and two barrels. The boats went north; the barrels went nowhere. Ivo Quell asked whether the barrels were rocks. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Fifth evening. The lamp saw one boat and two rocks. The boat went north; the rocks went nowhere. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Sixth evening. The lamp saw two boats and two rocks. The boats went north; the rocks went nowhere. The third keeper was asked for a name. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.

Seventh evening. The lamp saw four boats and two rocks. The boats went north; the rocks went nowhere. The third keeper is called Tamsin, too. The wick was trimmed. Written by Tamsin Quell, read out by Ivo Quell, at the lamp-house at Ostrevany.
`
