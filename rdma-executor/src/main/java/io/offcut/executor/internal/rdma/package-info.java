/**
 * RDMA verbs from Java: a provider for DiSNI's API over libibverbs and librdmacm, and what that API
 * lacks. Nothing here is loaded where there is no device.
 */
@NullMarked
package io.offcut.executor.internal.rdma;

import org.jspecify.annotations.NullMarked;
