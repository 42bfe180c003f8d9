# Started by sshd as `/bin/sh keys.sh PYTHON SOCKET FINGERPRINT TYPE BLOB`; see authorized_keys.py.
#
# sshd asks twice for everybody who comes in: whether a key would do, and again once its holder has
# proven it. The second answer is the first, which Python has left beside the socket, and a shell
# starts in a tenth of Python's time. It serves once: whoever comes in was asked about just then.
# It opens nothing by itself: `session.py` has the key looked at anew.

# Of a certificate nothing is left: its line is for it alone, and its key may be known without it.

case $4 in
    *-cert-v01@openssh.com) exec "$1" -I -S -E "${0%.sh}.py" "$2" "$3" "$4" "$5" ;;
esac
first=${3#SHA256:}
first=${first%"${first#?}"}
case $first in
    [A-Za-z0-9+]) left=${2%/*}/ssh-key-$first ;;
    *) left=${2%/*}/ssh-key-_ ;;
esac
if read -r fingerprint line 2>/dev/null <"$left" && [ "$fingerprint" = "$3" ] && true >"$left"; then
    printf '%s\n' "$line"
    exit
fi
exec "$1" -I -S -E "${0%.sh}.py" "$2" "$3"
