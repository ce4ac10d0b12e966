#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "json/parser.hpp"

namespace cairn::json {

/// Reads an object as it comes from a stranger and keeps the elements of one array of it, written
/// anew: strictly parsed, not one byte is passed through unread. Memory is bounded by `bytes`, not
/// by what the stranger sends. Refused: what `parse` refuses, more than 1,024 members in one
/// object, an object without that array.
class ArrayCopy {
public:
    struct Limits {
        std::size_t depth = 32;
        std::size_t bytes = 10'000'000;  // of what is kept, and of any one text
    };

    /// Of `{"member":[…]}`.
    ArrayCopy(std::string member, Limits limits);
    ~ArrayCopy();
    ArrayCopy(ArrayCopy&&) noexcept;

    /// False: full; what follows would not be kept.
    [[nodiscard]] Result<bool, ParseError> feed(std::string_view part);
    /// The whole document was fed. Not to be asked of one that is cut short.
    [[nodiscard]] Result<void, ParseError> finish();

    /// Bytes held now.
    [[nodiscard]] std::size_t held() const;
    /// The whole elements so far, with commas between; nothing is left afterwards.
    [[nodiscard]] std::string take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::json
