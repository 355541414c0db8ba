// Makes what the tests' data folders are copies of, once before them all (tools/test.py).
import { makeOriginals } from './server.mjs';

makeOriginals();
