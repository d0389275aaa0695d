package io.offcut.benchmarks.invoke;

import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** An echo service of gRPC-Java, for comparison: its own process, on the executor's CPU. */
public final class GrpcPeer {
    /** Bytes there and back, without protobuf. */
    static final MethodDescriptor<byte[], byte[]> ECHO =
            MethodDescriptor.newBuilder(new Bytes(), new Bytes())
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("bench.Echo/echo")
                    .build();

    private GrpcPeer() {}

    /** Argument: CPU. Says on which port it listens; ends with its standard input. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        CpuAffinity.pinCurrentThread(CpuSet.of(Integer.parseInt(args[0])));
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .directExecutor()
                        .addService(
                                ServerServiceDefinition.builder("bench.Echo")
                                        .addMethod(
                                                ECHO,
                                                ServerCalls.asyncUnaryCall((in, out) -> {
                                                    out.onNext(in);
                                                    out.onCompleted();
                                                }))
                                        .build())
                        .build()
                        .start();
        System.out.println(server.getPort());
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        server.shutdownNow();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
