package io.offcut.cli;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.executor.RdmaDevice;
import io.offcut.executor.RdmaDevices;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code offcut rdma devices}. */
@Command(
        name = "rdma",
        description = "RDMA on this machine.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = RdmaCommand.Devices.class,
        footerHeading = "%nExample:%n",
        footer = "  offcut rdma devices")
final class RdmaCommand {
    /** {@code offcut rdma devices}. */
    @Command(
            name = "devices",
            description = {
                "Lists the RDMA devices of this machine, and what keeps this user from using them.",
                "Exit code 5 when there is none, 8 when none can be used."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut rdma devices --format json")
    static final class Devices implements Callable<Integer> {
        private final Io io;

        @Mixin FormatOption format = new FormatOption();

        Devices(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            List<RdmaDevice> devices = RdmaDevices.list();
            if (devices.isEmpty()) {
                throw new OffcutException(
                        ErrorCode.NOT_FOUND,
                        "this machine has no RDMA device: invocations go by shared memory and tcp");
            }
            format.print(io, devices, () -> table(devices));
            return devices.stream().anyMatch(RdmaDevice::usable)
                    ? 0
                    : ErrorCode.CONFLICT.exitCode();
        }
    }

    static Table table(List<RdmaDevice> devices) {
        Table table =
                new Table("DEVICE", "STATE", "LINK", "ADDRESS", " INLINE", " MEMLOCK", "PROBLEM")
                        .expendable("LINK", "INLINE");
        for (RdmaDevice device : devices) {
            table.row(
                    device.name(),
                    device.state(),
                    device.linkLayer(),
                    device.address().isEmpty() ? "-" : device.address(),
                    Units.bytes(device.maxInlineBytes()),
                    device.memlockBytes() == Long.MAX_VALUE
                            ? "unlimited"
                            : Units.bytes(device.memlockBytes()),
                    device.problem());
        }
        return table;
    }
}
