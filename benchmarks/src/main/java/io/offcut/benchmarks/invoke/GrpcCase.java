package io.offcut.benchmarks.invoke;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.offcut.benchmarks.invoke.CaseResult.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A unary call of gRPC-Java with the same payload on the same two CPUs. */
final class GrpcCase {
    private static final int CALLS = 4_000;
    private static final int PAYLOAD_BYTES = 64;

    private GrpcCase() {}

    static CaseResult measure(int rounds, int cpu) throws IOException, InterruptedException {
        Process peer =
                OtherProcess.of(GrpcPeer.class, Integer.toString(cpu))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader said =
                new BufferedReader(
                        new InputStreamReader(peer.getInputStream(), StandardCharsets.US_ASCII))) {
            int port = Integer.parseInt(said.readLine());
            ManagedChannel channel =
                    NettyChannelBuilder.forAddress("127.0.0.1", port)
                            .usePlaintext()
                            .directExecutor()
                            .build();
            try {
                return CaseResult.latency(
                        new Shape("gRPC-Java unary", "grpc", "hot", PAYLOAD_BYTES),
                        Rounds.of(rounds, CALLS, null, CallLoop.of(() -> echo(channel))));
            } finally {
                boolean ignored = channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
            }
        } finally {
            peer.getOutputStream().close();
            if (!peer.waitFor(5, TimeUnit.SECONDS)) {
                peer.destroyForcibly();
            }
        }
    }

    private static void echo(ManagedChannel channel) {
        byte[] sent = new byte[PAYLOAD_BYTES];
        byte[] back =
                ClientCalls.blockingUnaryCall(channel, GrpcPeer.ECHO, CallOptions.DEFAULT, sent);
        if (back.length != sent.length) {
            throw new IllegalStateException(back.length + " bytes came back");
        }
    }
}
