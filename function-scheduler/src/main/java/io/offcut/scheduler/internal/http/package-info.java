/** The HTTP side: routes, access, bodies, refusals, the live page. */
@NullMarked
package io.offcut.scheduler.internal.http;

import org.jspecify.annotations.NullMarked;
