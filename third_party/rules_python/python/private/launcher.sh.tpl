#!/bin/sh
# Starts %{main} with Python %{version}. The runfiles are beside this file, or this file lies in a runfiles tree.
self=$0
while :; do
    if [ -d "$self.runfiles" ]; then
        runfiles=$self.runfiles
        break
    fi
    case $self in
        *.runfiles/*)
            runfiles=${self%.runfiles/*}.runfiles
            break
            ;;
    esac
    if [ ! -L "$self" ]; then
        runfiles=${RUNFILES_DIR:-$self.runfiles}
        break
    fi
    target=$(readlink "$self")
    case $target in
        /*) self=$target ;;
        *) self=${self%/*}/$target ;;
    esac
done
case $runfiles in
    //*) runfiles=${runfiles#/} ;; # remote execution may have / as the working directory
    /*) ;;
    *) runfiles=${PWD%/}/$runfiles ;;
esac

python=%{python}
found=$("$python" -V 2>&1)
case $found in
    "Python %{version}" | "Python %{version}"[!0-9]*) ;; # Debian's may be called 3.11.2+
    *)
        echo "$0: $python, which was Python %{version} when the workspace was configured, is now: $found" >&2
        echo "If it was replaced, run 'tools/bazel sync --configure' and build again; on a worker of --config=remote," >&2
        echo "give workers and clients the same image (docs/remote_execution.md)." >&2
        exit 127
        ;;
esac

# Nothing of the caller's Python set-up counts; hash order and text encoding are fixed. Children that run Python inherit the search path.
unset PYTHONHOME PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS PYTHONBREAKPOINT PYTHONINSPECT PYTHONPLATLIBDIR
export RUNFILES_DIR="$runfiles" PYTHONPATH="%{search_path}" PYTHONHASHSEED=0 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
%{env}exec "$python" -s -S -P "$runfiles/%{main}" "$@"
