"""Git over SSH, and the small programs that Git and sshd start.

`keys`, `session` and `git_hook` are started anew for every connection and for pushes over OpenSSH.
They only start what `authorized_keys`, `session_program` and `hook_client` do: those Python finds
translated already. All import only light modules of the standard library and ask the running
appliance over its local socket; `protocol` says how. `server` is the embedded SSH server, `openssh`
writes the configuration for the host's own.
"""
