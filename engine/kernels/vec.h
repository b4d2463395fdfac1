/* vec.h - one vector of floats: the only file that knows an instruction set.
 *
 * Compiled with VEC_AVX512BF16, VEC_AVX512, VEC_AVX2 or VEC_NEON defined and the matching -m flags.
 * Each set gives the same names; a comment stands with the first. */
#pragma once

#include <stdint.h>
#include <string.h>
#if defined VEC_NEON
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

#define VEC_INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL    _Pragma("unroll")
#define KEEP_LOOP _Pragma("nounroll")
#else
#define UNROLL    _Pragma("GCC unroll 16")
#define KEEP_LOOP _Pragma("GCC unroll 1")
#endif

/* The bits of p[0] and p[1], as a double to be moved about. */
VEC_INLINE double vec_two_floats(const float *p)
{
	double two;

	memcpy(&two, p, sizeof two);
	return two;
}

#if defined VEC_AVX512BF16
#define VEC_AVX512 /* and one more instruction */
#endif

#if defined VEC_AVX512

#define VEC_REGISTERS 32
enum { VEC_WIDTH = 16, VEC_TILE_ROWS = 14 }; /* 14 x 2 sums, 2 of b, 1 of a: 31 of 32 registers */
#ifdef VEC_AVX512BF16
#define VEC_NAME "avx512bf16"
#else
#define VEC_NAME "avx512"
#endif
typedef __m512 vec;
typedef __m512i vec_int;
typedef __mmask16 vec_mask;

VEC_INLINE vec vec_zero(void)
{
	return _mm512_setzero_ps();
}
VEC_INLINE vec vec_set(float x)
{
	return _mm512_set1_ps(x);
}
VEC_INLINE vec vec_load(const float *p)
{
	return _mm512_loadu_ps(p);
}
VEC_INLINE void vec_store(float *p, vec v)
{
	_mm512_storeu_ps(p, v);
}
/* Past the caches, where there is such a store; p is aligned to a vector. vec_stream_end: before
 * another thread is told of it. */
VEC_INLINE void vec_stream(float *p, vec v)
{
	_mm512_stream_ps(p, v);
}
VEC_INLINE void vec_stream_end(void)
{
	_mm_sfence();
}
/* The first n (1 … VEC_WIDTH) floats, the others 0; nothing behind them is touched. */
VEC_INLINE vec vec_load_part(const float *p, int n)
{
	return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
VEC_INLINE void vec_store_part(float *p, vec v, int n)
{
	_mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}
VEC_INLINE vec vec_add(vec a, vec b)
{
	return _mm512_add_ps(a, b);
}
VEC_INLINE vec vec_sub(vec a, vec b)
{
	return _mm512_sub_ps(a, b);
}
VEC_INLINE vec vec_mul(vec a, vec b)
{
	return _mm512_mul_ps(a, b);
}
VEC_INLINE vec_mask vec_greater(vec a, vec b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
VEC_INLINE vec vec_select(vec_mask m, vec yes, vec no)
{
	return _mm512_mask_blend_ps(m, no, yes);
}
VEC_INLINE vec_int vec_int_set(int x)
{
	return _mm512_set1_epi32(x);
}
VEC_INLINE vec_int vec_int_select(vec_mask m, vec_int yes, vec_int no)
{
	return _mm512_mask_blend_epi32(m, no, yes);
}
VEC_INLINE vec_mask vec_int_equal(vec_int a, vec_int b)
{
	return _mm512_cmpeq_epi32_mask(a, b);
}
VEC_INLINE void vec_int_store_u8(uint8_t *p, vec_int v)
{
	_mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(v));
}
VEC_INLINE vec_int vec_int_load_u8(const uint8_t *p)
{
	return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
/* p[0], p[right], p[down], p[down + right] in every group of four lanes. */
VEC_INLINE vec vec_load_square(const float *p, int64_t right, int64_t down)
{
	const float *q = p + down;

	if (right == 1) {
		__m512d above = _mm512_set1_pd(vec_two_floats(p));
		return _mm512_castpd_ps(
			_mm512_mask_mov_pd(above, 0xaa, _mm512_set1_pd(vec_two_floats(q))));
	}
	vec v = _mm512_mask_mov_ps(vec_set(p[0]), 0x2222, vec_set(p[right]));
	v = _mm512_mask_mov_ps(v, 0x4444, vec_set(q[0]));
	return _mm512_mask_mov_ps(v, 0x8888, vec_set(q[right]));
}
/* Each lane takes that value of its group of four which `which` (0 … 3) names. */
VEC_INLINE vec vec_pick(vec v, vec_int which)
{
	return _mm512_permutevar_ps(v, which);
}

#ifndef VEC_AVX512BF16
/* As round_to_bf16 in gemm_bf16_scalar.h. */
VEC_INLINE vec vec_round_to_bf16(vec v)
{
	vec_mask small = _mm512_cmp_ps_mask(_mm512_abs_ps(v), vec_set(0x1p-56f), _CMP_LT_OQ);
	__m512i x = _mm512_castps_si512(v);
	__m512i even = _mm512_and_si512(_mm512_srli_epi32(x, 16), vec_int_set(1));
	__m512i up = _mm512_add_epi32(_mm512_add_epi32(x, vec_int_set(0x7fff)), even);

	up = _mm512_mask_or_epi32(
		up, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), x, vec_int_set(0x400000));
	up = _mm512_srli_epi32(_mm512_mask_mov_epi32(up, small, vec_int_set(0)), 16);
	return _mm512_castsi512_ps(_mm512_slli_epi32(up, 16));
}
/* Each two neighbours exchanged. */
VEC_INLINE vec vec_swap(vec v)
{
	return _mm512_permute_ps(v, 0xb1);
}
#endif

/* Transposes the VEC_WIDTH x VEC_WIDTH floats in r. */
VEC_INLINE void vec_transpose(vec r[static VEC_WIDTH])
{
	vec t[16];

	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		for (int j = 0; j < 2; j++) {
			__m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
			r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
			r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
		}
	}
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
	}
	for (int i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
		r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
		r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
	}
}

#elif defined VEC_AVX2

#define VEC_REGISTERS 16
enum { VEC_WIDTH = 8, VEC_TILE_ROWS = 6 }; /* 6 x 2 sums, 2 of b, 1 of a: 15 of 16 registers */
#define VEC_NAME      "avx2"
typedef __m256 vec;
typedef __m256i vec_int;
typedef __m256 vec_mask;

VEC_INLINE vec vec_zero(void)
{
	return _mm256_setzero_ps();
}
VEC_INLINE vec vec_set(float x)
{
	return _mm256_set1_ps(x);
}
VEC_INLINE vec vec_load(const float *p)
{
	return _mm256_loadu_ps(p);
}
VEC_INLINE void vec_store(float *p, vec v)
{
	_mm256_storeu_ps(p, v);
}
VEC_INLINE void vec_stream(float *p, vec v)
{
	_mm256_stream_ps(p, v);
}
VEC_INLINE void vec_stream_end(void)
{
	_mm_sfence();
}
VEC_INLINE __m256i vec_part_mask(int n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
VEC_INLINE vec vec_load_part(const float *p, int n)
{
	return _mm256_maskload_ps(p, vec_part_mask(n));
}
VEC_INLINE void vec_store_part(float *p, vec v, int n)
{
	_mm256_maskstore_ps(p, vec_part_mask(n), v);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
	return _mm256_fmadd_ps(a, b, c);
}
VEC_INLINE vec vec_add(vec a, vec b)
{
	return _mm256_add_ps(a, b);
}
VEC_INLINE vec vec_sub(vec a, vec b)
{
	return _mm256_sub_ps(a, b);
}
VEC_INLINE vec vec_mul(vec a, vec b)
{
	return _mm256_mul_ps(a, b);
}
VEC_INLINE vec_mask vec_greater(vec a, vec b)
{
	return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}
VEC_INLINE vec vec_select(vec_mask m, vec yes, vec no)
{
	return _mm256_blendv_ps(no, yes, m);
}
VEC_INLINE vec_int vec_int_set(int x)
{
	return _mm256_set1_epi32(x);
}
VEC_INLINE vec_int vec_int_select(vec_mask m, vec_int yes, vec_int no)
{
	return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(m));
}
VEC_INLINE vec_mask vec_int_equal(vec_int a, vec_int b)
{
	return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}
VEC_INLINE void vec_int_store_u8(uint8_t *p, vec_int v)
{
	__m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
	_mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}
VEC_INLINE vec_int vec_int_load_u8(const uint8_t *p)
{
	return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
VEC_INLINE vec vec_load_square(const float *p, int64_t right, int64_t down)
{
	const float *q = p + down;

	if (right == 1) {
		__m256d above = _mm256_set1_pd(vec_two_floats(p));
		return _mm256_castpd_ps(
			_mm256_blend_pd(above, _mm256_set1_pd(vec_two_floats(q)), 0xa));
	}
	vec v = _mm256_blend_ps(vec_set(p[0]), vec_set(p[right]), 0x22);
	v = _mm256_blend_ps(v, vec_set(q[0]), 0x44);
	return _mm256_blend_ps(v, vec_set(q[right]), 0x88);
}
VEC_INLINE vec vec_pick(vec v, vec_int which)
{
	return _mm256_permutevar_ps(v, which);
}

VEC_INLINE vec vec_round_to_bf16(vec v)
{
	vec size = _mm256_andnot_ps(vec_set(-0.0f), v);
	vec small = _mm256_cmp_ps(size, vec_set(0x1p-56f), _CMP_LT_OQ);
	__m256i x = _mm256_castps_si256(v);
	__m256i even = _mm256_and_si256(_mm256_srli_epi32(x, 16), vec_int_set(1));
	__m256i up = _mm256_add_epi32(_mm256_add_epi32(x, vec_int_set(0x7fff)), even);

	up = vec_int_select(
		_mm256_cmp_ps(v, v, _CMP_UNORD_Q), _mm256_or_si256(x, vec_int_set(0x400000)), up);
	up = _mm256_slli_epi32(_mm256_srli_epi32(up, 16), 16);
	return _mm256_andnot_ps(small, _mm256_castsi256_ps(up));
}
VEC_INLINE vec vec_swap(vec v)
{
	return _mm256_permute_ps(v, 0xb1);
}

VEC_INLINE void vec_transpose(vec r[static VEC_WIDTH])
{
	vec t[8];

	for (int i = 0; i < 8; i += 2) {
		t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		for (int j = 0; j < 2; j++) {
			__m256d a = _mm256_castps_pd(t[i + j]), b = _mm256_castps_pd(t[i + j + 2]);
			r[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
			r[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
		}
	}
	for (int i = 0; i < 4; i++) {
		t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
		t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
	}
	memcpy(r, t, sizeof t);
}

#elif defined VEC_NEON

#define VEC_REGISTERS 32
enum { VEC_WIDTH = 4, VEC_TILE_ROWS = 14 }; /* 14 x 2 sums, 2 of b, 1 of a: 31 of 32 registers */
#define VEC_NAME      "neon"
typedef float32x4_t vec;
typedef int32x4_t vec_int;
typedef uint32x4_t vec_mask;

VEC_INLINE vec vec_zero(void)
{
	return vdupq_n_f32(0.0f);
}
VEC_INLINE vec vec_set(float x)
{
	return vdupq_n_f32(x);
}
VEC_INLINE vec vec_load(const float *p)
{
	return vld1q_f32(p);
}
VEC_INLINE void vec_store(float *p, vec v)
{
	vst1q_f32(p, v);
}
VEC_INLINE void vec_stream(float *p, vec v)
{
	vec_store(p, v);
}
VEC_INLINE void vec_stream_end(void)
{
}
/* There are no masked loads: a pair and a single one. */
VEC_INLINE vec vec_load_part(const float *p, int n)
{
	float32x2_t none = vdup_n_f32(0.0f);

	if (n == VEC_WIDTH)
		return vld1q_f32(p);
	return vcombine_f32(n == 1 ? vld1_lane_f32(p, none, 0) : vld1_f32(p),
		n == 3 ? vld1_lane_f32(p + 2, none, 0) : none);
}
VEC_INLINE void vec_store_part(float *p, vec v, int n)
{
	if (n == VEC_WIDTH)
		vst1q_f32(p, v);
	else if (n > 1)
		vst1_f32(p, vget_low_f32(v));
	if (n == 1)
		vst1q_lane_f32(p, v, 0);
	else if (n == 3)
		vst1q_lane_f32(p + 2, v, 2);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
	return vfmaq_f32(c, a, b);
}
VEC_INLINE vec vec_add(vec a, vec b)
{
	return vaddq_f32(a, b);
}
VEC_INLINE vec vec_sub(vec a, vec b)
{
	return vsubq_f32(a, b);
}
VEC_INLINE vec vec_mul(vec a, vec b)
{
	return vmulq_f32(a, b);
}
VEC_INLINE vec_mask vec_greater(vec a, vec b)
{
	return vcgtq_f32(a, b);
}
VEC_INLINE vec vec_select(vec_mask m, vec yes, vec no)
{
	return vbslq_f32(m, yes, no);
}
VEC_INLINE vec_int vec_int_set(int x)
{
	return vdupq_n_s32(x);
}
VEC_INLINE vec_int vec_int_select(vec_mask m, vec_int yes, vec_int no)
{
	return vbslq_s32(m, yes, no);
}
VEC_INLINE vec_mask vec_int_equal(vec_int a, vec_int b)
{
	return vceqq_s32(a, b);
}
VEC_INLINE void vec_int_store_u8(uint8_t *p, vec_int v)
{
	uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(v));
	uint32_t bytes =
		vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);

	memcpy(p, &bytes, sizeof bytes);
}
VEC_INLINE vec_int vec_int_load_u8(const uint8_t *p)
{
	uint32_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes)))));
}

VEC_INLINE vec vec_load_square(const float *p, int64_t right, int64_t down)
{
	const float *q = p + down;

	if (right == 1)
		return vcombine_f32(vld1_f32(p), vld1_f32(q));
	vec v = vsetq_lane_f32(p[right], vec_set(p[0]), 1);
	v = vsetq_lane_f32(q[0], v, 2);
	return vsetq_lane_f32(q[right], v, 3);
}
/* By a table of bytes: value i is the bytes 4 i … 4 i + 3. */
VEC_INLINE vec vec_pick(vec v, vec_int which)
{
	vec_int bytes = vmlaq_n_s32(vdupq_n_s32(0x03020100), which, 0x04040404);

	return vreinterpretq_f32_u8(
		vqtbl1q_u8(vreinterpretq_u8_f32(v), vreinterpretq_u8_s32(bytes)));
}

VEC_INLINE vec vec_round_to_bf16(vec v)
{
	uint32x4_t x = vreinterpretq_u32_f32(v);
	uint32x4_t even = vandq_u32(vshrq_n_u32(x, 16), vdupq_n_u32(1));
	uint32x4_t up = vaddq_u32(vaddq_u32(x, vdupq_n_u32(0x7fff)), even);

	up = vbslq_u32(vceqq_f32(v, v), up, vorrq_u32(x, vdupq_n_u32(0x400000)));
	up = vshlq_n_u32(vshrq_n_u32(up, 16), 16);
	return vreinterpretq_f32_u32(vbicq_u32(up, vcltq_f32(vabsq_f32(v), vec_set(0x1p-56f))));
}
VEC_INLINE vec vec_swap(vec v)
{
	return vrev64q_f32(v);
}

VEC_INLINE void vec_transpose(vec r[static VEC_WIDTH])
{
	float64x2_t t[4];

	for (int i = 0; i < 4; i += 2) {
		t[i] = vreinterpretq_f64_f32(vtrn1q_f32(r[i], r[i + 1]));
		t[i + 1] = vreinterpretq_f64_f32(vtrn2q_f32(r[i], r[i + 1]));
	}
	for (int i = 0; i < 2; i++) {
		r[i] = vreinterpretq_f32_f64(vtrn1q_f64(t[i], t[i + 2]));
		r[i + 2] = vreinterpretq_f32_f64(vtrn2q_f64(t[i], t[i + 2]));
	}
}

#else
#error "define VEC_AVX512BF16, VEC_AVX512, VEC_AVX2 or VEC_NEON"
#endif

/* The first n floats (1 … VEC_WIDTH), by a plain load or store where that is all of them. */
VEC_INLINE vec load_some(const float *p, int n)
{
	return n == VEC_WIDTH ? vec_load(p) : vec_load_part(p, n);
}
VEC_INLINE void store_some(float *p, vec v, int n)
{
	if (n == VEC_WIDTH)
		vec_store(p, v);
	else
		vec_store_part(p, v, n);
}
/* The first n bytes. */
VEC_INLINE vec_int load_some_u8(const uint8_t *p, int n)
{
	uint8_t bytes[VEC_WIDTH] = { 0 };

	if (n == VEC_WIDTH)
		return vec_int_load_u8(p);
	memcpy(bytes, p, (size_t)n);
	return vec_int_load_u8(bytes);
}
VEC_INLINE void store_some_u8(uint8_t *p, vec_int v, int n)
{
	uint8_t bytes[VEC_WIDTH];

	if (n == VEC_WIDTH) {
		vec_int_store_u8(p, v);
		return;
	}
	vec_int_store_u8(bytes, v);
	memcpy(p, bytes, (size_t)n);
}

/* Sums of products of pairs of bfloat16, in the order of gemm_bf16_scalar.h. vec_fma_pairs goes on
 * by a word of each lane: by a whole pair, or, where two words (each a float) make one, by its odd
 * and then its even value. */
#ifdef VEC_AVX512BF16

enum { VEC_PAIR_WORDS = 1 };

/* Two vectors of values, those below 2^-56 taken as 0, in bfloat16: first `low`, then `high`. */
VEC_INLINE __m512i vec_to_bf16(vec low, vec high)
{
	vec least = vec_set(0x1p-56f);
	__mmask16 l = _mm512_cmp_ps_mask(_mm512_abs_ps(low), least, _CMP_NLT_UQ);
	__mmask16 h = _mm512_cmp_ps_mask(_mm512_abs_ps(high), least, _CMP_NLT_UQ);

	return (__m512i)_mm512_cvtne2ps_pbh(
		_mm512_maskz_mov_ps(h, high), _mm512_maskz_mov_ps(l, low));
}
/* The words of the pairs (even, odd) of each lane. */
VEC_INLINE void vec_pairs(vec even, vec odd, vec ret[static VEC_PAIR_WORDS])
{
	const __m512i order = _mm512_add_epi32(_mm512_set1_epi32(0x100000),
		_mm512_mullo_epi32(_mm512_set1_epi32(0x10001),
			_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));

	ret[0] = _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, vec_to_bf16(even, odd)));
}
/* The words of the pairs (p[0], p[1]), (p[2], p[3]), … */
VEC_INLINE vec vec_pairs_along(const float *p)
{
	return _mm512_castsi512_ps(vec_to_bf16(vec_load(p), vec_load(p + VEC_WIDTH)));
}
VEC_INLINE vec vec_fma_pairs(vec a, vec b, vec c)
{
	return _mm512_dpbf16_ps(
		c, (__m512bh)_mm512_castps_si512(a), (__m512bh)_mm512_castps_si512(b));
}

#else

enum { VEC_PAIR_WORDS = 2 };

VEC_INLINE void vec_pairs(vec even, vec odd, vec ret[static VEC_PAIR_WORDS])
{
	ret[0] = vec_round_to_bf16(odd);
	ret[1] = vec_round_to_bf16(even);
}
VEC_INLINE vec vec_pairs_along(const float *p)
{
	return vec_swap(vec_round_to_bf16(vec_load(p)));
}
VEC_INLINE vec vec_fma_pairs(vec a, vec b, vec c)
{
	return vec_fma(a, b, c);
}

#endif
