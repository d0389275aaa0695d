package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.exec.Tools;
import java.util.List;

/** What must be installed for a test cluster. */
public final class Packages {
    /** Debian's and Ubuntu's names of the packages. */
    public static final List<String> APT_PACKAGES =
            List.of(
                    "slurm-wlm",
                    "slurm-client",
                    "slurmd",
                    "slurmctld",
                    "munge",
                    "slurm-wlm-basic-plugins");

    private static final List<String> PROGRAMS =
            List.of(
                    "munged",
                    "slurmctld",
                    "slurmd",
                    "scontrol",
                    "squeue",
                    "sbatch",
                    "srun",
                    "scancel",
                    "setsid");

    private Packages() {}

    /** Programs that are not installed; empty if a cluster can be started. */
    public static List<String> missing() {
        return PROGRAMS.stream().filter(program -> Tools.find(null, program).isEmpty()).toList();
    }

    /** Throws NOT_FOUND, naming the packages, if a program is not installed. */
    public static void require() {
        List<String> missing = missing();
        if (!missing.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "Slurm is not installed here (no "
                            + String.join(", ", missing)
                            + "): apt-get install -y --no-install-recommends "
                            + String.join(" ", APT_PACKAGES));
        }
    }

    /** The program's absolute path; call {@link #require} before. */
    public static String path(String program) {
        return Tools.find(null, program).map(Object::toString).orElse(program);
    }
}
