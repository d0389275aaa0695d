package io.offcut.benchmarks.invoke;

import io.offcut.core.CpuSet;
import io.offcut.executor.BareVerbs;
import io.offcut.linux.CpuAffinity;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * The other end of the bare queue pair, a {@link RawProcess}: it writes back whatever arrives. It
 * obeys {@code poll BYTES} and {@code sleep BYTES}, how it waits and how long messages are.
 */
public final class RawVerbsPeer {
    private static final int SLEEP_MILLIS = 1_000;

    private RawVerbsPeer() {}

    /** Arguments: CPU, an address of the device. Says first at which port. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        CpuAffinity.pinCurrentThread(CpuSet.of(Integer.parseInt(args[0])));
        try (BareVerbs.Listener listener = new BareVerbs.Listener(args[1])) {
            System.out.println("port " + listener.port());
            try (BareVerbs end = listener.accept()) {
                obey(end);
            }
        }
    }

    @SuppressWarnings("SystemOut")
    private static void obey(BareVerbs end) throws IOException {
        BufferedReader orders =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String[] words = order.split(" ", -1);
            System.out.println("ready");
            answer(end, words[0].equals("sleep"), Integer.parseInt(words[1]));
            System.out.println("stopped");
        }
    }

    private static void answer(BareVerbs end, boolean sleeps, int bytes) throws IOException {
        int said = 0;
        while (said != RawVerbs.STOP) {
            said = sleeps ? end.await(SLEEP_MILLIS) : end.poll();
            if (said >= 0) {
                end.sendBack(said, bytes, said);
            } else {
                Thread.onSpinWait();
            }
        }
    }
}
