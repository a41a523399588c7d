"""Where fits run. `local` has two engines: in this process, and in worker processes of this machine."""
