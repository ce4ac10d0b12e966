#include "net/sync/locator.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kOneByOne = 10;

}  // namespace

std::vector<BlockHash> make_locator(Height top, const HashAt& at) {
    std::vector<BlockHash> locator;
    std::size_t visited = 0;
    Height step = 1;
    for (Height height = top; height > 1; height = height > step ? height - step : 1) {
        if (const auto hash = at(height)) locator.push_back(*hash);
        if (++visited >= kOneByOne) step *= 2;
    }
    if (const auto genesis = at(1)) locator.push_back(*genesis);
    return locator;
}

}  // namespace cairn::net
