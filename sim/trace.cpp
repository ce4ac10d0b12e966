#include "sim/trace.hpp"

#include <array>
#include <string_view>

#include "core/primitives/codec.hpp"

namespace cairn::sim {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"opens", "frame on", "closes", "a dial fails,",
                                                    "commit"};

}  // namespace

void Trace::add(Micros when, Event event, std::uint64_t a, std::uint64_t b, ByteView bytes) {
    ++events_;
    Writer writer;
    writer.integer(when).integer(static_cast<std::uint8_t>(event)).integer(a).integer(b);
    hasher_.write(writer.varint(bytes.size()).take()).write(bytes);
    if (!listener || event == Event::note || event == Event::commit) return;
    std::string words{kNames.at(static_cast<std::size_t>(event))};
    words += " " + std::to_string(a) + " at host " + std::to_string(b);
    if (event == Event::frame)
        words += ", type " + std::to_string(bytes.front()) + ", " + std::to_string(bytes.size()) +
                 " bytes";
    if (event == Event::dial_failed) words += ": " + std::string{as_text(bytes)};
    listener(when, words);
}

void Trace::say(Micros when, const std::string& words) {
    add(when, Event::note, 0, 0, as_bytes(words));
    if (listener) listener(when, words);
}

Hash256 Trace::digest() const {
    Sha256 copy = hasher_;
    return copy.finish();
}

}  // namespace cairn::sim
