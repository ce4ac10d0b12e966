#include "app/mine_on.hpp"

#include <charconv>
#include <cmath>

#include "app/nearest_word.hpp"

namespace cairn {
namespace {

constexpr double kSecondsMin = 0.001;
constexpr double kSecondsMax = 1e6;

}  // namespace

Result<MineOn, std::string> parse_mine_on(const NodeSettings& settings, const ChainSpec& spec) {
    const std::string& text = settings.mine_on;
    if (text == "request") return MineOn{};
    MineOn mine_on{MineOn::When::transfer, 0};
    if (text != "transfer") {
        double seconds = 0;
        const char* last = text.data() + text.size();
        const auto read = std::from_chars(text.data(), last, seconds, std::chars_format::fixed);
        if (read.ec != std::errc{} || read.ptr != last || !(seconds >= kSecondsMin) ||
            seconds > kSecondsMax)
            return fail(
                "--mine-on: expected request, transfer, or seconds from 0.001 to 1000000, found "
                "\"" +
                text + "\"" + did_you_mean(text, {"request", "transfer"}));
        mine_on = {MineOn::When::interval,
                   static_cast<std::uint64_t>(std::llround(seconds * 1000))};
    }
    if (!spec.names)
        return fail("--mine-on " + text + " needs a chain with names, such as --chain dev, and " +
                    spec.name + " has none: use --mine and --mine-every there");
    if (settings.mine)
        return fail("--mine and --mine-on " + text +
                    " contradict one another: the one mines all the time, the other at its own "
                    "times; choose one");
    return mine_on;
}

}  // namespace cairn
