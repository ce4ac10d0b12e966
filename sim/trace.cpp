#include "sim/trace.hpp"

#include "core/primitives/codec.hpp"

namespace cairn::sim {

void Trace::add(Micros when, Event event, std::uint64_t a, std::uint64_t b, ByteView bytes) {
    ++events_;
    Writer writer;
    writer.integer(when).integer(static_cast<std::uint8_t>(event)).integer(a).integer(b);
    hasher_.write(writer.varint(bytes.size()).take()).write(bytes);
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
