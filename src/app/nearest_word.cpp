#include "app/nearest_word.hpp"

#include <algorithm>
#include <utility>

namespace cairn {
namespace {

/// A stranger's word is compared as far as this; no word of ours is as long.
constexpr std::size_t kWordMax = 64;

char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t typing_distance(std::string_view left, std::string_view right) {
    // Three rows of the table of distances between the beginnings of both words.
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> above(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    const auto same = [&](std::size_t i, std::size_t j) {
        return small_letter(left[i - 1]) == small_letter(right[j - 1]);
    };
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t changed = above[j - 1] + (same(i, j) ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
            if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[right.size()];
}

std::optional<std::string> nearest_word(std::string_view typed,
                                        const std::vector<std::string>& known) {
    if (typed.size() > kWordMax) return std::nullopt;
    std::optional<std::string> nearest;
    // One more than what is near enough.
    std::size_t least = std::max<std::size_t>(2, typed.size() / 3) + 1;
    for (const std::string& word : known) {
        const std::size_t distance = typing_distance(typed, word);
        // Where every letter of the shorter word has to be changed, the two have nothing in common.
        if (distance >= least || distance >= std::min(typed.size(), word.size())) continue;
        least = distance;
        nearest = word;
    }
    return nearest;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known) {
    const auto nearest = nearest_word(typed, known);
    return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

std::string one_of_these(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace cairn
