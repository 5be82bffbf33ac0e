from calls.reply.voice import VoiceError


def test_errors_carry_their_code():
    assert VoiceError("voice_quota", "100 streams").code == "voice_quota"
