#pragma once

#include <tl/expected.hpp>
#include <utility>

namespace cairn {

/// A value or the reason there is none. The type itself is not [[nodiscard]]: each function says
/// it.
template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
[[nodiscard]] auto fail(E&& error) {
    return tl::make_unexpected(std::forward<E>(error));
}

}  // namespace cairn
