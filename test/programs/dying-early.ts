// Imported before anything else (--import), it kills its process before that has taken what it was given.
process.kill(process.pid, "SIGKILL");
