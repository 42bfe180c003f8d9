"""The resident scanner: a process of its own that holds the compiled rules and nothing else.

It opens no file, no connection and no program: whoever asks hands over the reading end of what git
says, and gets back what was found in it, masked.
"""
