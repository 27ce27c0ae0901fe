#!/usr/bin/env node
import '../dist/ttt.js'
